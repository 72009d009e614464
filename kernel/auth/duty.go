package auth

import (
	"strconv"

	"touyan.dev/touyan/kernel/fault"
)

// Duty is what a post makes its holder answerable for.
type Duty string

// The duties.
const (
	Leader     Duty = "leader"     // 责任领导: in charge of the matter, such as the secretary-general
	Deputy     Duty = "deputy"     // 分管领导
	Secretary  Duty = "secretary"  // 秘书
	Supervisor Duty = "supervisor" // 督查专员
	Liaison    Duty = "liaison"    // 联络员
	Head       Duty = "head"       // 单位负责人
	Section    Duty = "section"    // 科室负责人
	Clerk      Duty = "clerk"      // 承办人
	Admin      Duty = "admin"      // 系统管理员
	Auditor    Duty = "auditor"    // 审计员
)

// Duties lists all duties in the order in which screens offer them.
func Duties() []Duty {
	return []Duty{Leader, Deputy, Secretary, Supervisor, Liaison, Head, Section, Clerk, Admin, Auditor}
}

// Name is the duty's name for people; empty texts for an unknown duty.
func (d Duty) Name() fault.Text {
	switch d {
	case Leader:
		return fault.T("责任领导", "Responsible leader")
	case Deputy:
		return fault.T("分管领导", "Leader in charge")
	case Secretary:
		return fault.T("秘书", "Secretary")
	case Supervisor:
		return fault.T("督查专员", "Supervision officer")
	case Liaison:
		return fault.T("联络员", "Liaison officer")
	case Head:
		return fault.T("单位负责人", "Head of unit")
	case Section:
		return fault.T("科室负责人", "Head of section")
	case Clerk:
		return fault.T("承办人", "Case officer")
	case Admin:
		return fault.T("系统管理员", "Administrator")
	case Auditor:
		return fault.T("审计员", "Auditor")
	}
	return fault.Text{}
}

// Known reports whether the duty is one of Duties.
func (d Duty) Known() bool { return d.Name() != fault.Text{} }

// leads reports whether the duty answers for a unit and all below it.
func (d Duty) leads() bool { return d == Liaison || d == Head || d == Section }

// serves reports whether the duty makes its holder staff of an office.
func (d Duty) serves() bool {
	return d == Secretary || d == Supervisor || d == Leader || d == Deputy || d == Auditor
}

// Need writes a duty in a unit as policies compare it: "liaison@12".
func Need(d Duty, unit int64) string { return string(d) + "@" + strconv.FormatInt(unit, 10) }

// Kind is what sort of unit a unit is.
type Kind string

// The kinds of units.
const (
	Office   Kind = "office"   // 办公室: runs procedures for others
	Bureau   Kind = "bureau"   // 部门
	District Kind = "district" // 区县、开发区
	Street   Kind = "street"   // 街道、乡镇
	Sector   Kind = "section"  // 内设机构(科室)
	Other    Kind = "other"    // 其他; also the city itself
)

// Kinds lists the kinds of units.
func Kinds() []Kind { return []Kind{Office, Bureau, District, Street, Sector, Other} }

// Name is the kind's name for people; empty texts for an unknown kind.
func (k Kind) Name() fault.Text {
	switch k {
	case Office:
		return fault.T("办公室", "Office")
	case Bureau:
		return fault.T("部门", "Bureau")
	case District:
		return fault.T("区县（开发区）", "District or zone")
	case Street:
		return fault.T("街道（乡镇）", "Street or town")
	case Sector:
		return fault.T("科室", "Section")
	case Other:
		return fault.T("其他", "Other")
	}
	return fault.Text{}
}

// Known reports whether the kind is one of Kinds.
func (k Kind) Known() bool { return k.Name() != fault.Text{} }

// Level is the level of government a unit belongs to.
type Level string

// The levels of one installation.
const (
	CityLevel     Level = "city"     // 市级
	DistrictLevel Level = "district" // 区县级
	StreetLevel   Level = "street"   // 镇街级
)

// Name is the level's name for people; empty texts for an unknown level.
func (l Level) Name() fault.Text {
	switch l {
	case CityLevel:
		return fault.T("市级", "City")
	case DistrictLevel:
		return fault.T("区县级", "District")
	case StreetLevel:
		return fault.T("镇街级", "Street or town")
	}
	return fault.Text{}
}

// below gives the level of a unit of kind k whose parent is at level l.
func (l Level) below(k Kind) Level {
	switch k {
	case District:
		return DistrictLevel
	case Street:
		return StreetLevel
	}
	return l
}
